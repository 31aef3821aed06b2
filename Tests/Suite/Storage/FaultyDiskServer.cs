using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Storage;

/// <summary>A server process whose data folder or disk has a fault. The methods send requests to the server.</summary>
internal sealed class FaultyDiskServer : IAsyncDisposable
{
    private readonly ServerProcess _process;

    private FaultyDiskServer(ServerProcess process, int port)
    {
        _process = process;
        Port = port;
    }

    public int Port { get; }

    /// <summary>The output after the three lines of the start. One log entry takes two lines of the console.</summary>
    public IReadOnlyList<string> LoggedLines => [.. _process.Lines.Skip(3)];

    public bool HasExited => _process.HasExited;

    public static async Task<FaultyDiskServer> StartAsync(string folder)
    {
        var port = ServerUnderTest.FindFreePort();
        return new FaultyDiskServer(await ServerProcess.StartAsync(CreateSettings(folder, port)), port);
    }

    /// <summary>Starts a server on the folder, asserts that the start fails with one line, and returns that line.</summary>
    public static async Task<string> GetStartErrorAsync(string folder)
    {
        var (exitCode, output, error) = await ServerProcess.RunToEndAsync(CreateSettings(folder, ServerUnderTest.FindFreePort()));
        (exitCode, output).Should().Be((1, ""), error);
        return error.Trim().Split('\n').Should().ContainSingle().Which;
    }

    public async Task<(ChatClient Client, JoinedFrame Joined)> JoinAsync(string name, string room = "lobby") => await ChatClient.JoinAsync(Port, name, room);

    /// <summary>Reads the sequence numbers and texts of a whole room by <c>history</c> requests.</summary>
    public static async Task<List<(long Seq, string Text)>> ReadLogAsync(ChatClient client, string room)
    {
        var log = new List<(long, string)>();
        while (true)
        {
            var page = await client.RequestAsync<HistoryFrame>(CreateHistoryRequest(room, after: log.Count));
            log.AddRange(page.Messages.DecodeMessages().Select(message => (message.Seq, message.Text)));
            if (page.Messages.Count == 0)
                return log;
        }
    }

    public static ClientFrame CreateHistoryRequest(string room, long after) =>
        new() { Type = ClientFrameType.History, Room = room, After = after, Limit = 200, Id = FrameId.From($"h{Guid.NewGuid():n}") };

    /// <summary>Sends a message and returns its answer, an ack or an error.</summary>
    public static async Task<ServerFrame> TrySayAsync(ChatClient client, string text, string id, string? room = null)
    {
        await client.SendAsync(Say(text, id, room));
        return await client.Inbox.ExpectAsync<ServerFrame>(answer => answer is AckFrame ack ? ack.Id.ToString() == id : answer is ErrorFrame error && error.Id.ToString() == id);
    }

    public Task KillAsync() => _process.KillAsync();

    public Task<int> TerminateAsync() => _process.TerminateAsync();

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static string[] CreateSettings(string folder, int port) =>
        ["--Data:Path", folder, "--urls", $"http://127.0.0.1:{port}", "--RawTcp:Port", "0", "--Limits:Enabled", "false"];
}
