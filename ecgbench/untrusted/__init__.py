"""What somebody else wrote, a user's words or a file that anybody may have made: read within bounds, or refused in one line."""
