"""The revisions of the store, oldest first; they ship with the program."""
