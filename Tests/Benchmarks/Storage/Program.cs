using System.CommandLine;
using System.Globalization;
using RawSocketChat.Tests.Benchmarks.Storage;

// Sockets' completions run on the thread that saw them (the runtime reads this when the first socket is made): the
// generator takes less of the two cores that it shares with the server.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var seconds = new Option<double>("--seconds") { Description = "how long each figure is measured", DefaultValueFactory = _ => 5 };
var rounds = new Option<int>("--rounds") { Description = "rounds, interleaved; medians are shown", DefaultValueFactory = _ => 3 };
var senders = new Option<int[]>("--senders") { Description = "how many send at once", DefaultValueFactory = _ => [1, 100, 1000], AllowMultipleArgumentsPerToken = true };
var window = new Option<int>("--window") { Description = "messages that a sender sends before it waits for an ack", DefaultValueFactory = _ => 1 };
var clients = new Option<int>("--clients") { Description = "clients that come back at once", DefaultValueFactory = _ => 1000 };
var missed = new Option<int>("--missed") { Description = "events that each of them has missed", DefaultValueFactory = _ => 10_000 };
var events = new Option<int>("--events") { Description = "events of the large room", DefaultValueFactory = _ => 10_000_000 };
var folder = new Option<string?>("--folder") { Description = "where the databases are made, on the disk to be measured [default: the temporary folder]" };

var log = new Command("log", "acknowledged events a second of the log alone: one commit for each against a commit for all that wait") { seconds, rounds, senders, folder };
log.SetAction((given, _) => LogBenchmark.RunAsync(given.GetValue(senders)!, given.GetValue(seconds), given.GetValue(rounds), given.GetValue(folder)));
var acks = new Command("acks", "acknowledged messages a second and time to ack over sockets, in each durability mode") { seconds, rounds, senders, window, folder };
acks.SetAction((given, _) => AckBenchmark.RunAsync(given.GetValue(senders)!, given.GetValue(window), given.GetValue(seconds), given.GetValue(rounds), given.GetValue(folder)));
var recover = new Command("recover", "many clients that recover many events each at once: time and peak memory") { clients, missed, folder };
recover.SetAction((given, _) => RecoverBenchmark.RunAsync(given.GetValue(clients), given.GetValue(missed), given.GetValue(folder)));
var pages = new Command("pages", "a room of very many events against one of 1,000: opening, recovering, paging") { events, rounds, folder };
pages.SetAction((given, _) => PageBenchmark.RunAsync(given.GetValue(events), given.GetValue(rounds), given.GetValue(folder)));

return await new RootCommand("Measures what durable storage costs. Every server is a process of its own on this machine, ended at the end.") { log, acks, recover, pages }
    .Parse(args).InvokeAsync();
