"""One module a check; being here is what registers it."""
