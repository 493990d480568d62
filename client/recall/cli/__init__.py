"""The command `recall`. Each group of commands is a module, imported only when one of its commands is given."""
