using System.CommandLine;
using System.Runtime.InteropServices;
using RawSocketChat.Tests.Flood.Compare;

namespace RawSocketChat.Tests.Flood;

/// <summary>The command line: options in, one exit code out. Everything that is wrong with it is said in one line.</summary>
public static class FloodCommand
{
    private const string Description = """
        Floods a room of a RawSocketChat server and checks what comes out of it.

        Every connection joins the room and checks every message: none lost, none repeated, none out of order.
        Messages leave by a fixed schedule (message i is due i/rate seconds after the start) that never waits for
        the server, and latency counts from when a message was due: a server that stalls can't hide it.

        Start the server with --Limits:Enabled=false, or it refuses what is over a person's rate.

        Exit codes:
          0  everything arrived, once and in order
          1  something was lost, repeated, out of order, refused or never answered, or a connection was closed
          2  the options are wrong
          3  could not connect
        130  interrupted (Ctrl+C) before all were connected; later, the summary is of what was sent till then
        """;

    /// <summary>Runs the flood that <paramref name="args"/> ask for. Ctrl+C ends it with its summary, a second one at once.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancel)
    {
        var defaults = new FloodOptions();
        var url = New("--url", defaults.Url.OriginalString, "where the server's WebSocket is");
        var connections = New("--connections", defaults.Connections, "connections in the room");
        var rate = New("--rate", defaults.Rate, "messages a second in all; 0 only holds the connections");
        var seconds = New("--seconds", defaults.Seconds, "how long messages are sent");
        var room = New("--room", defaults.Room, "the room; made where there is none");
        var publishers = new Option<int?>("--publishers") { Description = "connections that publish, in turn [default: 10, or all]" };
        var textBytes = New("--text-bytes", defaults.TextBytes, "size of a message's text");
        var ramp = New("--ramp", defaults.Ramp, "connections being opened at a time");
        var patience = New("--patience", defaults.Patience, "seconds without a delivery until what is missing counts as lost");
        var allowRemote = new Option<bool>("--allow-remote") { Description = "flood a server that is not on this machine: only your own" };
        var command = new RootCommand(Description)
        {
            url, connections, rate, seconds, room, publishers, textBytes, ramp, patience, allowRemote,
        };
        command.Subcommands.Add(CompareCommand.Make(output, error, cancel));

        command.SetAction(async (given, _) =>
        {
            if (!Uri.TryCreate(given.GetValue(url), UriKind.Absolute, out var address))
                return Fail(error, FloodOptions.NoWebSocket(given.GetValue(url)!), FloodResult.BadOptions);
            var options = new FloodOptions
            {
                Url = address,
                Connections = given.GetValue(connections),
                Rate = given.GetValue(rate),
                Seconds = given.GetValue(seconds),
                Room = given.GetValue(room)!,
                Publishers = given.GetValue(publishers),
                TextBytes = given.GetValue(textBytes),
                Ramp = given.GetValue(ramp),
                Patience = given.GetValue(patience),
                AllowRemote = given.GetValue(allowRemote),
            };
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => StopOnce(stop, signal));
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => StopOnce(stop, signal));
            var result = await FloodRun.RunAsync(options, output, stop.Token);
            return result.Failure is null ? result.ExitCode : Fail(error, result.Failure, result.ExitCode);
        });

        var parsed = command.Parse(args);
        if (parsed.Errors.Count > 0)
            return Fail(error, $"{parsed.Errors[0].Message} (--help shows the options)", FloodResult.BadOptions);
        return await parsed.InvokeAsync(
            new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = null }, CancellationToken.None);
    }

    private static Option<T> New<T>(string name, T otherwise, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => otherwise };

    private static void StopOnce(CancellationTokenSource stop, PosixSignalContext signal)
    {
        signal.Cancel = !stop.IsCancellationRequested;
        stop.Cancel();
    }

    private static int Fail(TextWriter error, string text, int exitCode)
    {
        error.WriteLine($"flood: {text}");
        return exitCode;
    }
}
