"""The Chinese telephone user part (GF 001-9001, a form of Q.721-Q.724): message, contents and their codec."""
