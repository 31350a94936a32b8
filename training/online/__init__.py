"""Online adaptation: a student tuned to one video (VMR, Li et al., NeurIPS 2020; METHODS 4)."""
