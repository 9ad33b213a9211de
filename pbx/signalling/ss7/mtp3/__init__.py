"""MTP level 3: signalling network functions and messages (Q.704), signalling link test (Q.707). One file for each box of the
Recommendation.
"""
