"""The three vocabularies of the house: media, call and facts, and the numbers and tones they speak of."""
