using System.Globalization;
using RawSocketChat.Tests.Benchmarks.Peers;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
return await PeersCommand.RunAsync(args, Console.Out, Console.Error, CancellationToken.None);
