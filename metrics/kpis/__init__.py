"""One module a figure; being here is what registers it."""
