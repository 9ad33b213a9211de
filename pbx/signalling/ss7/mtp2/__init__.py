"""Level 2 of signalling links (Q.703): link state control with its boxes, above transmission and reception control in C
(pbx/dsp/mtp2.h)."""
