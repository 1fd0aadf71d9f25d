"""Writers of the test vectors. They share no code with the node that the vectors test."""
