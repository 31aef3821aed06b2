using System.CommandLine;
using System.Globalization;
using RawSocketChat.Tests.Benchmarks.Crowd;

// In the process of the clients, run socket completions on the socket threads instead of the thread pool. The clients then take less CPU
// time on the cores that they share with the server. The runtime reads this variable when the first socket is created.
if (args is ["hold" or "rush", ..])
    Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var connections = new Option<int>("--connections") { Description = "number of connections; the limit of open files per process (ulimit -n) must be higher", DefaultValueFactory = _ => 19_000 };
var rooms = new Option<int>("--rooms") { Description = "number of rooms", DefaultValueFactory = _ => 1 };
var messages = new Option<int>("--messages") { Description = "messages in each room in the busy phase", DefaultValueFactory = _ => 20 };
var movers = new Option<int>("--movers") { Description = "connections that are cut and reconnect", DefaultValueFactory = _ => 10_000 };
var stayers = new Option<int>("--stayers") { Description = "connections that are not cut", DefaultValueFactory = _ => 1000 };
var rate = new Option<double>("--rate") { Description = "messages per second during the whole measurement", DefaultValueFactory = _ => 5 };
var missed = new Option<int>("--missed") { Description = "additional messages while the movers are disconnected", DefaultValueFactory = _ => 200 };
var settings = new Option<string[]>("--server") { Description = "additional settings of the server, such as --server --Transport:Kind --server kestrel", DefaultValueFactory = _ => [] };
var port = new Option<int>("--port");

var memory = new Command("memory", "memory of a connection: after connecting, idle after a compacting collection, busy") { connections, rooms, messages, settings };
memory.SetAction((given, _) => MemoryBenchmark.RunAsync(given.GetValue(connections), given.GetValue(rooms), given.GetValue(messages), given.GetValue(settings)!));
var storm = new Command("storm", "many clients reconnect at the same time and recover: time, memory, and the latency for clients that stayed") { movers, stayers, rate, missed, settings };
storm.SetAction((given, _) => StormBenchmark.RunAsync(given.GetValue(movers), given.GetValue(stayers), given.GetValue(rate), given.GetValue(missed), given.GetValue(settings)!));
var hold = new Command("hold", "the clients of memory") { connections, rooms, messages, port };
hold.Hidden = true;
hold.SetAction((given, _) => MemoryClients.RunAsync(given.GetValue(port), given.GetValue(connections), given.GetValue(rooms), given.GetValue(messages)));
var rush = new Command("rush", "the clients of storm") { movers, stayers, rate, missed, port };
rush.Hidden = true;
rush.SetAction((given, _) => StormClients.RunAsync(given.GetValue(port), given.GetValue(movers), given.GetValue(stayers), given.GetValue(rate), given.GetValue(missed)));

return await new RootCommand("Measures a server with very many connections. The server runs in this process, so that its heap size can be read. The clients run in another process.") { memory, storm, hold, rush }
    .Parse(args).InvokeAsync();
