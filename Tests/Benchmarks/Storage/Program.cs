using System.CommandLine;
using System.Globalization;
using RawSocketChat.Tests.Benchmarks.Storage;

// Run socket completions on the socket threads instead of the thread pool. The load generator then takes less CPU time on the cores that it
// shares with the server. The runtime reads this variable when the first socket is created.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var seconds = new Option<double>("--seconds") { Description = "duration of each measurement, in seconds", DefaultValueFactory = _ => 5 };
var rounds = new Option<int>("--rounds") { Description = "interleaved rounds; the output shows medians", DefaultValueFactory = _ => 3 };
var senders = new Option<int[]>("--senders") { Description = "numbers of concurrent senders", DefaultValueFactory = _ => [1, 100, 1000], AllowMultipleArgumentsPerToken = true };
var window = new Option<int>("--window") { Description = "messages in flight for each sender", DefaultValueFactory = _ => 1 };
var clients = new Option<int>("--clients") { Description = "clients that reconnect at the same time", DefaultValueFactory = _ => 1000 };
var missed = new Option<int>("--missed") { Description = "events that each client has missed", DefaultValueFactory = _ => 10_000 };
var events = new Option<int>("--events") { Description = "events in the large room", DefaultValueFactory = _ => 10_000_000 };
var sessions = new Option<int>("--sessions") { Description = "expired sessions of guests", DefaultValueFactory = _ => 100_000 };
var messages = new Option<int>("--messages") { Description = "messages to search", DefaultValueFactory = _ => 1_000_000 };
var folder = new Option<string?>("--folder") { Description = "folder for the databases, on the disk to measure [default: the temporary folder]" };

var postgres = new Option<string?>("--postgres") { Description = "also measure PostgreSQL; the connection string of a user that may create databases", HelpName = "CONNECTION" };

var log = new Command("log", "acknowledged events per second of the log alone: one commit for each event, and group commit") { seconds, rounds, senders, folder };
log.SetAction((given, _) => LogBenchmark.RunAsync(given.GetValue(senders)!, given.GetValue(seconds), given.GetValue(rounds), given.GetValue(folder)));
var acks = new Command("acks", "acknowledged messages per second and time to ack over sockets, in each durability mode") { seconds, rounds, senders, window, folder, postgres };
acks.SetAction((given, _) => AckBenchmark.RunAsync(given.GetValue(senders)!, given.GetValue(window), given.GetValue(seconds), given.GetValue(rounds), given.GetValue(folder), given.GetValue(postgres)));
var recover = new Command("recover", "many clients recover many events at the same time: time and peak memory") { clients, missed, folder };
recover.SetAction((given, _) => RecoverBenchmark.RunAsync(given.GetValue(clients), given.GetValue(missed), given.GetValue(folder)));
var pages = new Command("pages", "compares a very large room with a room of 1,000 events: join, recovery, paging") { events, rounds, folder };
pages.SetAction((given, _) => PageBenchmark.RunAsync(given.GetValue(events), given.GetValue(rounds), given.GetValue(folder)));
var cleanUp = new Command("cleanup", "time of a commit while many expired sessions and guests are removed") { sessions, folder };
cleanUp.SetAction((given, _) => CleanUpBenchmark.RunAsync(given.GetValue(sessions), given.GetValue(folder)));
var search = new Command("search", "compares searches over many messages with reading one message by its key") { messages, folder };
search.SetAction((given, _) => SearchBenchmark.RunAsync(given.GetValue(messages), given.GetValue(folder)));

return await new RootCommand("Measures the cost of durable storage. Each server is a separate process on this machine. The benchmark stops it at the end.") { log, acks, recover, pages, cleanUp, search }
    .Parse(args).InvokeAsync();
