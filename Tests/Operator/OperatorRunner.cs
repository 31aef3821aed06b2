using System.Text;
using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Operator;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Storage;

namespace RawSocketChat.Tests.Operator;

/// <summary>What a command did.</summary>
public sealed record Outcome(int ExitCode, string Output, string Error)
{
    public IReadOnlyList<string> Lines => Output.TrimEnd('\n').Split('\n');

    /// <summary>It failed, and said why in one line.</summary>
    public void ShouldFail(string part, int exitCode = 1)
    {
        ExitCode.Should().Be(exitCode, Error);
        Error.TrimEnd('\n').Should().NotContain("\n").And.Contain(part);
        Output.Should().BeEmpty();
    }

    public Outcome ShouldSucceed()
    {
        Error.Should().BeEmpty();
        ExitCode.Should().Be(0, Output);
        return this;
    }
}

/// <summary>The commands in this process, and a database to run them on.</summary>
internal static class OperatorRunner
{
    public static Task<Outcome> RunAsync(string folder, params string[] words) => RunAsync(folder, "", words, default);

    /// <summary>With something piped in.</summary>
    public static Task<Outcome> FeedAsync(string input, string folder, params string[] words) => RunAsync(folder, input, words, default);

    /// <summary>With Ctrl+C at once.</summary>
    public static Task<Outcome> InterruptAsync(string folder, params string[] words) => RunAsync(folder, "", words, new CancellationToken(canceled: true));

    /// <summary>Changes the database behind everybody's back.</summary>
    public static void Execute(string folder, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "chat.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static NewEvent Said(string text, string? id = null, string author = "ann") => new(RoomEventKind.Message, author, author, text, ClientId: id);

    /// <summary>Rooms as they come to be: much that has settled, topics, ids, two rooms, accounts.</summary>
    public static async Task<OpenStorage> FilledAsync()
    {
        var storage = new OpenStorage();
        await storage.Catalog.TryCreateRoomAsync(new StoredRoom("lobby", "Say hello", null, false), default);
        await storage.Catalog.TryCreateRoomAsync(new StoredRoom("Garden", "", "u1", true), default);
        await storage.Log.AppendAsync("lobby", [.. Enumerable.Range(1, 1_500).Select(i => Said($"text {i}", $"s{i}"))], default);
        await storage.Log.AppendAsync("lobby", [new NewEvent(RoomEventKind.Topic, "bob", "bob", "be kind")], default);
        await storage.Log.AppendAsync("Garden", [.. Enumerable.Range(1, 50).Select(i => Said($"text {i}", $"i{i}"))], default);
        await storage.Identities.TryAddAccountAsync(new StoredAccount("u1", "ann", "ann", "hash", DateTimeOffset.UnixEpoch), default);
        return storage;
    }

    private static async Task<Outcome> RunAsync(string folder, string input, string[] words, CancellationToken cancel)
    {
        using var output = new KeptStream();
        await using var error = new StringWriter();
        var console = new OperatorConsole(() => new MemoryStream(Encoding.UTF8.GetBytes(input)), () => output, error, IsTerminal: false);
        var exitCode = await OperatorCommand.RunAsync(CommandArguments.Find([.. words, "--Data:Path", folder])!, console, TimeProvider.System, cancel);
        return new Outcome(exitCode, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }

    private sealed class KeptStream : MemoryStream
    {
        // Who writes closes it, and writes again.
        public override void Close()
        {
        }
    }
}
