-- Gets the address as it is, over and over.
wrk.method = "GET"
