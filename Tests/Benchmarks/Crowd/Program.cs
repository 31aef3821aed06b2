using System.CommandLine;
using System.Globalization;
using RawSocketChat.Tests.Benchmarks.Crowd;

// The clients' completions run on the thread that saw them (the runtime reads this when the first socket is made): they take less of
// the processors that they share with the server, which is left as it is.
if (args is ["hold" or "rush", ..])
    Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var connections = new Option<int>("--connections") { Description = "how many there are (a process may have 20,000 open files or less: ulimit -n)", DefaultValueFactory = _ => 19_000 };
var rooms = new Option<int>("--rooms") { Description = "rooms that they are spread over", DefaultValueFactory = _ => 1 };
var messages = new Option<int>("--messages") { Description = "messages in each room while it is busy", DefaultValueFactory = _ => 20 };
var movers = new Option<int>("--movers") { Description = "who is cut off and comes back", DefaultValueFactory = _ => 10_000 };
var stayers = new Option<int>("--stayers") { Description = "who is not", DefaultValueFactory = _ => 1000 };
var rate = new Option<double>("--rate") { Description = "messages a second, all the time", DefaultValueFactory = _ => 5 };
var missed = new Option<int>("--missed") { Description = "messages, beyond those, while the movers are gone", DefaultValueFactory = _ => 200 };
var settings = new Option<string[]>("--server") { Description = "further settings of the server, such as --server --Transport:Kind --server kestrel", DefaultValueFactory = _ => [] };
var port = new Option<int>("--port");

var memory = new Command("memory", "what a connection costs: idle, after a compacting collection, busy") { connections, rooms, messages, settings };
memory.SetAction((given, _) => MemoryBenchmark.RunAsync(given.GetValue(connections), given.GetValue(rooms), given.GetValue(messages), given.GetValue(settings)!));
var storm = new Command("storm", "many come back at once and recover what they missed: time, memory, and what those feel who stayed") { movers, stayers, rate, missed, settings };
storm.SetAction((given, _) => StormBenchmark.RunAsync(given.GetValue(movers), given.GetValue(stayers), given.GetValue(rate), given.GetValue(missed), given.GetValue(settings)!));
var hold = new Command("hold", "the clients of memory") { connections, rooms, messages, port };
hold.Hidden = true;
hold.SetAction((given, _) => Holding.RunAsync(given.GetValue(port), given.GetValue(connections), given.GetValue(rooms), given.GetValue(messages)));
var rush = new Command("rush", "the clients of storm") { movers, stayers, rate, missed, port };
rush.Hidden = true;
rush.SetAction((given, _) => Rush.RunAsync(given.GetValue(port), given.GetValue(movers), given.GetValue(stayers), given.GetValue(rate), given.GetValue(missed)));

return await new RootCommand("Measures a server with very many connections. The server runs in this process, so that its heap can be looked at; the clients in another one, ended at the end.") { memory, storm, hold, rush }
    .Parse(args).InvokeAsync();
