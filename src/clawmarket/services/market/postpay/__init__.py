"""Post-pay: whom a provider trusts, tabs, and the usage on them."""
