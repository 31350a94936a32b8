"""Teaching the network that finds a category's subject with no prompt."""
