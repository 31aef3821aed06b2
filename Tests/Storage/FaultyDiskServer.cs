using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Storage;

/// <summary>A real server on a folder that something is wrong with, and what can be asked of it.</summary>
internal sealed class FaultyDiskServer : IAsyncDisposable
{
    private readonly ServerProcess _process;

    private FaultyDiskServer(ServerProcess process, int port)
    {
        _process = process;
        Port = port;
    }

    public int Port { get; }

    /// <summary>What the operator was told since the three lines of the start; a log line takes two of the console.</summary>
    public IReadOnlyList<string> Told => [.. _process.Lines.Skip(3)];

    public bool HasExited => _process.HasExited;

    public static async Task<FaultyDiskServer> StartAsync(string folder)
    {
        var port = ServerUnderTest.FreePort();
        return new FaultyDiskServer(await ServerProcess.StartAsync(SettingsFor(folder, port)), port);
    }

    /// <summary>The one line by which a start on that folder is refused.</summary>
    public static async Task<string> RefusalOfAsync(string folder)
    {
        var (exitCode, output, error) = await ServerProcess.RunToEndAsync(SettingsFor(folder, ServerUnderTest.FreePort()));
        (exitCode, output).Should().Be((1, ""), error);
        return error.Trim().Split('\n').Should().ContainSingle().Which;
    }

    public async Task<(ChatClient Client, JoinedFrame Joined)> JoinAsync(string name, string room = "lobby") => await ChatClient.JoinAsync(Port, name, room);

    /// <summary>Texts and seqs of a whole room, as history gives them.</summary>
    public static async Task<List<(long Seq, string Text)>> LogOfAsync(ChatClient client, string room)
    {
        var log = new List<(long, string)>();
        while (true)
        {
            var page = await client.AskAsync<HistoryFrame>(AskFor(room, after: log.Count));
            log.AddRange(page.Messages.MessagesOf().Select(message => (message.Seq, message.Text)));
            if (page.Messages.Count == 0)
                return log;
        }
    }

    public static ClientFrame AskFor(string room, long after) =>
        new() { Type = ClientFrameType.History, Room = room, After = after, Limit = 200, Id = FrameId.From($"h{Guid.NewGuid():n}") };

    /// <summary>Says and takes whatever the answer is.</summary>
    public static async Task<ServerFrame> TrySayAsync(ChatClient client, string text, string id, string? room = null)
    {
        await client.SendAsync(Say(text, id, room));
        return await client.Inbox.ExpectAsync<ServerFrame>(answer => answer is AckFrame ack ? ack.Id.ToString() == id : answer is ErrorFrame error && error.Id.ToString() == id);
    }

    public Task KillAsync() => _process.KillAsync();

    public Task<int> TerminateAsync() => _process.TerminateAsync();

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static string[] SettingsFor(string folder, int port) =>
        ["--Data:Path", folder, "--urls", $"http://127.0.0.1:{port}", "--RawTcp:Port", "0", "--Limits:Enabled", "false"];
}
