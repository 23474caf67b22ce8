"""Jobs: submitted once, polled, waited for; their ids, and what makes two requests the same one."""
