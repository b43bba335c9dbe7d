"""The command line. stdout is data, stderr is notices; slow things are imported where they are used."""
