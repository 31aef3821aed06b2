using RawSocketChat.Tests.Flood;

// Run socket completions on the socket threads instead of the thread pool. This is possible because no completion blocks. With 1,000
// connections and 100 messages a second this reduced the CPU time for each delivery from 7.2 to 4.6 µs. The runtime reads this
// environment variable when the first socket is created.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

return await FloodCommand.RunAsync(args, Console.Out, Console.Error, CancellationToken.None);
