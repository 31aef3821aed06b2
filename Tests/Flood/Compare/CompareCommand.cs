using System.CommandLine;
using System.Text.Json;
using RawSocketChat.Tests.Flood.Output;
using Spectre.Console;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>The command <c>flood compare</c>, which measures all transports side by side.</summary>
internal static class CompareCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create(LossyOutput output, TextWriter error, CancellationToken cancel)
    {
        var defaults = new CompareOptions();
        var url = CreateOption("--url", defaults.Url.OriginalString, "address of the server's WebSocket; the HTTP transports use the same host and port");
        var tlsUrl = new Option<string?>("--tls-url") { Description = "wss:// address of the same server, for ws-h2; without it ws-h2 is left out" };
        var rawPort = CreateOption("--raw-port", defaults.RawPort, "raw TCP port on the same host; 0 leaves out tcp");
        var transports = CreateOption("--transports", string.Join(",", defaults.Transports), "the transports to compare", "--ways");
        var connections = CreateOption("--connections", defaults.Connections, "clients of each transport");
        var rate = CreateOption("--rate", defaults.Rate, "messages a second");
        var seconds = CreateOption("--seconds", defaults.Seconds, "how long messages are published");
        var idleSeconds = CreateOption("--idle-seconds", defaults.IdleSeconds, "length of the idle phase before the messages, in seconds; the result shows the bytes of one minute, extrapolated if --idle-seconds is not 60");
        var patience = CreateOption("--patience", defaults.Patience, "counts missing messages as lost after this many seconds without a new message");
        var textBytes = CreateOption("--text-bytes", defaults.TextBytes, "size of a text in bytes");
        var interval = CreateOption("--poll-interval", defaults.PollInterval, "seconds from a response to the next request of interval polling");
        var room = CreateOption("--room", defaults.Room, "the room");
        var allowRemote = new Option<bool>("--allow-remote") { Description = "permits a server on another machine; use only your own server" };
        var json = new Option<string?>("--json") { Description = "also writes the result to this file as JSON" };
        var command = new Command("compare", "Sends the same messages over every transport at the same time. Shows requests, bytes, latency, and the time to reconnect after a cut.")
        {
            url, tlsUrl, rawPort, transports, connections, rate, seconds, idleSeconds, interval, patience, textBytes, room, allowRemote, json,
        };
        command.SetAction(async (parsed, stop) =>
        {
            if (!Uri.TryCreate(parsed.GetValue(url), UriKind.Absolute, out var address))
                return Fail(error, FloodOptions.DescribeInvalidUrl(parsed.GetValue(url)!), FloodResult.BadOptions);
            Uri? tlsAddress = null;
            if (parsed.GetValue(tlsUrl) is { } tls && !Uri.TryCreate(tls, UriKind.Absolute, out tlsAddress))
                return Fail(error, CompareOptions.DescribeInvalidTlsUrl(tls), FloodResult.BadOptions);
            var options = new CompareOptions
            {
                Url = address,
                TlsUrl = tlsAddress,
                RawPort = parsed.GetValue(rawPort),
                Transports = parsed.GetValue(transports)!.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries),
                Connections = parsed.GetValue(connections),
                Rate = parsed.GetValue(rate),
                Seconds = parsed.GetValue(seconds),
                IdleSeconds = parsed.GetValue(idleSeconds),
                PollInterval = parsed.GetValue(interval),
                Patience = parsed.GetValue(patience),
                TextBytes = parsed.GetValue(textBytes),
                Room = parsed.GetValue(room)!,
                AllowRemote = parsed.GetValue(allowRemote),
            };
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(stop, cancel);
            return await RunAsync(options, parsed.GetValue(json), CreateDisplay(output), error, linked.Token);
        });
        return command;
    }

    // Shows a live table on a terminal that supports one, and plain lines elsewhere.
    private static ICompareDisplay CreateDisplay(LossyOutput output) =>
        output.IsTerminal && AnsiConsole.Profile.Capabilities is { Ansi: true, Interactive: true }
            ? new LiveDisplay(AnsiConsole.Console, TimeProvider.System)
            : new PlainDisplay(output);

    public static async Task<int> RunAsync(CompareOptions options, string? json, ICompareDisplay display, TextWriter error, CancellationToken cancel)
    {
        if (options.FindProblem() is { } problem)
            return Fail(error, problem, FloodResult.BadOptions);
        try
        {
            var run = new CompareRun(options, display.ShowProgress, TimeProvider.System);
            var result = await display.WatchAsync(run.GetStatus, run.RunAsync(cancel));
            display.ShowResult(result);
            if (json is not null)
                await File.WriteAllTextAsync(json, JsonSerializer.Serialize(result, Json), CancellationToken.None);
            return result.ExitCode == FloodResult.Success ? FloodResult.Success : Fail(error, "messages were lost, repeated or out of order", result.ExitCode);
        }
        catch (FloodException fault)
        {
            return Fail(error, fault.Message, fault.ExitCode);
        }
        catch (Exception fault) when (fault is IOException or System.Net.Sockets.SocketException or System.Net.Http.HttpRequestException)
        {
            return Fail(error, fault.Message, FloodResult.NoConnection);
        }
        catch (OperationCanceledException)
        {
            return FloodResult.Interrupted;
        }
    }

    private static Option<T> CreateOption<T>(string name, T defaultValue, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, DefaultValueFactory = _ => defaultValue };

    private static int Fail(TextWriter error, string text, int exitCode)
    {
        error.WriteLine($"flood: {text}");
        return exitCode;
    }
}
