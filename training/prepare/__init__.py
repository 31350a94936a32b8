"""From raw videos to clips that a teacher can be fitted to."""
