"""Studies: ten thousand scenarios of one question, on one machine or many."""
