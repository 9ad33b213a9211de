"""SIGTRAN: signalling of No. 7 over the Internet Protocol. M2PA (RFC 4165), M3UA (RFC 4666), M2UA (RFC 3331)."""
