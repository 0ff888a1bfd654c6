"""Questions: evidence in, a result out; one question a file."""
