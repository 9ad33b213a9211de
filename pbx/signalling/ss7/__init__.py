"""Signalling System No. 7 (Q.700 series; in China GF 001-9001 and YDN 038): one suite, one folder for each of its parts."""
