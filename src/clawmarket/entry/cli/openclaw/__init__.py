"""`openclaw install|uninstall`: put the plugin into a host on this machine, and take it out."""
