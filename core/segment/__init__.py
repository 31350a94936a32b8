"""Where the subject is: masks that are given, propagated from a prompt, or guessed."""
