"""One module a kind of system; being here is what registers it."""
