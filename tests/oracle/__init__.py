"""What answers must be, from definitions alone; shares no code with the library."""
