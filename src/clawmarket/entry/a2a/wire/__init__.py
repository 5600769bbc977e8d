"""What A2A looks like on the wire: requests read, answers and refusals written."""
