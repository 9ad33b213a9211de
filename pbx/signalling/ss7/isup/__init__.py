"""The ISDN user part (Q.761-Q.764, Q.850; in China YDN 038-1997): message, parameters and their codec."""
