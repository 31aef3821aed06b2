using System.CommandLine;
using System.Text.Json;
using RawSocketChat.Tests.Flood.Output;
using Spectre.Console;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary><c>flood compare</c>: polling against Comet against WebSocket, measured.</summary>
internal static class CompareCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Make(LossyOutput output, TextWriter error, CancellationToken cancel)
    {
        var defaults = new CompareOptions();
        var url = New("--url", defaults.Url.OriginalString, "where the server's WebSocket is; the other ways are beside it");
        var tlsUrl = new Option<string?>("--tls-url") { Description = "where the same server's WebSocket is by TLS (wss://…): ws-h2 goes there, and is left out without" };
        var rawPort = New("--raw-port", defaults.RawPort, "the raw port on the same host; 0 leaves it out");
        var ways = New("--ways", string.Join(",", defaults.Ways), "which ways");
        var connections = New("--connections", defaults.Connections, "clients of each way");
        var rate = New("--rate", defaults.Rate, "messages a second");
        var seconds = New("--seconds", defaults.Seconds, "how long somebody speaks");
        var idle = New("--idle-seconds", defaults.IdleSeconds, "how long nobody does, before; what it costs is told for a minute, by extrapolation where it is not one");
        var patience = New("--patience", defaults.Patience, "seconds without anything new after which what a client lacks is lost");
        var textBytes = New("--text-bytes", defaults.TextBytes, "size of a message's text");
        var interval = New("--poll-interval", defaults.PollInterval, "seconds between two questions of interval polling");
        var room = New("--room", defaults.Room, "the room");
        var allowRemote = new Option<bool>("--allow-remote") { Description = "a server that is not on this machine: only your own" };
        var json = new Option<string?>("--json") { Description = "writes the result to this file too, as JSON" };
        var command = new Command("compare", "The same messages over every way in at once: requests, bytes, latency, coming back after a cut.")
        {
            url, tlsUrl, rawPort, ways, connections, rate, seconds, idle, interval, patience, textBytes, room, allowRemote, json,
        };
        command.SetAction(async (given, stop) =>
        {
            if (!Uri.TryCreate(given.GetValue(url), UriKind.Absolute, out var address))
                return Fail(error, FloodOptions.NoWebSocket(given.GetValue(url)!), FloodResult.BadOptions);
            Uri? tlsAddress = null;
            if (given.GetValue(tlsUrl) is { } tls && !Uri.TryCreate(tls, UriKind.Absolute, out tlsAddress))
                return Fail(error, CompareOptions.NoTls(tls), FloodResult.BadOptions);
            var options = new CompareOptions
            {
                Url = address,
                TlsUrl = tlsAddress,
                RawPort = given.GetValue(rawPort),
                Ways = given.GetValue(ways)!.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries),
                Connections = given.GetValue(connections),
                Rate = given.GetValue(rate),
                Seconds = given.GetValue(seconds),
                IdleSeconds = given.GetValue(idle),
                PollInterval = given.GetValue(interval),
                Patience = given.GetValue(patience),
                TextBytes = given.GetValue(textBytes),
                Room = given.GetValue(room)!,
                AllowRemote = given.GetValue(allowRemote),
            };
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, cancel);
            return await RunAsync(options, given.GetValue(json), DisplayOn(output), error, either.Token);
        });
        return command;
    }

    // Live on a terminal, where it can be drawn anew; else plain lines.
    private static ICompareDisplay DisplayOn(LossyOutput output) =>
        output.IsTerminal && AnsiConsole.Profile.Capabilities is { Ansi: true, Interactive: true }
            ? new LiveDisplay(AnsiConsole.Console, TimeProvider.System)
            : new PlainDisplay(output);

    public static async Task<int> RunAsync(CompareOptions options, string? json, ICompareDisplay display, TextWriter error, CancellationToken cancel)
    {
        if (options.Problem() is { } problem)
            return Fail(error, problem, FloodResult.BadOptions);
        try
        {
            var run = new CompareRun(options, display.Tell, TimeProvider.System);
            var result = await display.WatchAsync(run.Status, run.RunAsync(cancel));
            display.Show(result);
            if (json is not null)
                await File.WriteAllTextAsync(json, JsonSerializer.Serialize(result, Json), CancellationToken.None);
            return result.ExitCode == FloodResult.Fine ? FloodResult.Fine : Fail(error, "messages were lost, repeated or out of order", result.ExitCode);
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

    private static Option<T> New<T>(string name, T otherwise, string description) =>
        new(name) { Description = description, DefaultValueFactory = _ => otherwise };

    private static int Fail(TextWriter error, string text, int exitCode)
    {
        error.WriteLine($"flood: {text}");
        return exitCode;
    }
}
