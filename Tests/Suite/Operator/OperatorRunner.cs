using System.Text;
using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Operator;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Tests.Storage;

namespace RawSocketChat.Tests.Operator;

/// <summary>The result of a command.</summary>
public sealed record Outcome(int ExitCode, string Output, string Error)
{
    public IReadOnlyList<string> Lines => Output.TrimEnd('\n').Split('\n');

    /// <summary>Asserts that the command failed and wrote one line to the standard error. The line must contain the text.</summary>
    public void ShouldFail(string part, int exitCode = 1)
    {
        ExitCode.Should().Be(exitCode, Error);
        Error.TrimEnd('\n').Should().NotContain("\n").And.Contain(part);
        Output.Should().BeEmpty();
    }

    /// <summary>Asserts that the command succeeded without an error message.</summary>
    public Outcome ShouldSucceed()
    {
        Error.Should().BeEmpty();
        ExitCode.Should().Be(0, Output);
        return this;
    }
}

/// <summary>Runs operator commands in this process, and creates a database for them.</summary>
internal static class OperatorRunner
{
    public static Task<Outcome> RunAsync(string folder, params string[] words) => RunAsync(folder, "", words, default);

    /// <summary>Runs a command with this standard input.</summary>
    public static Task<Outcome> RunWithInputAsync(string input, string folder, params string[] words) => RunAsync(folder, input, words, default);

    /// <summary>Runs a command that is interrupted immediately after its start.</summary>
    public static Task<Outcome> RunInterruptedAsync(string folder, params string[] words) => RunAsync(folder, "", words, new CancellationToken(canceled: true));

    /// <summary>Runs SQL directly on the database.</summary>
    public static void Execute(string folder, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "chat.db")};Pooling=False");
        connection.Open();
        SearchIndex.AddFunctions(connection);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static NewEvent CreateMessage(string text, string? id = null, string author = "ann") => new(RoomEventKind.Message, author, author, text, ClientId: id);

    /// <summary>Creates a storage with two rooms, 1,551 events with client ids, a topic and an account.</summary>
    public static async Task<TestStorage> CreateFilledStorageAsync()
    {
        var storage = new TestStorage();
        await FillAsync(storage.Catalog, storage.Log, storage.Identities);
        return storage;
    }

    /// <summary>Creates two rooms, 1,551 events with client ids, a topic and an account.</summary>
    public static async Task FillAsync(IRoomCatalog catalog, IRoomLog log, IIdentityStore identities)
    {
        await catalog.CreateRoomAsync(new StoredRoom("lobby", "Say hello", null, false), int.MaxValue, default);
        await catalog.CreateRoomAsync(new StoredRoom("Garden", "", "u1", true), int.MaxValue, default);
        await log.AppendAsync("lobby", [.. Enumerable.Range(1, 1_500).Select(i => CreateMessage($"text {i}", $"s{i}"))], default);
        await log.AppendAsync("lobby", [new NewEvent(RoomEventKind.Topic, "bob", "bob", "be kind")], default);
        await log.AppendAsync("Garden", [.. Enumerable.Range(1, 50).Select(i => CreateMessage($"text {i}", $"i{i}"))], default);
        await identities.TryAddAccountAsync(new StoredAccount("u1", "ann", "hash", DateTimeOffset.UnixEpoch), ["ann"], default);
    }

    private static async Task<Outcome> RunAsync(string folder, string input, string[] words, CancellationToken cancel)
    {
        using var output = new ReusableStream();
        await using var error = new StringWriter();
        var console = new OperatorConsole(() => new MemoryStream(Encoding.UTF8.GetBytes(input)), () => output, error, IsTerminal: false);
        var exitCode = await OperatorCommand.RunAsync(CommandArguments.Parse([.. words, "--Data:Path", folder])!, console, TimeProvider.System, cancel);
        return new Outcome(exitCode, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }

    private sealed class ReusableStream : MemoryStream
    {
        // A command opens and closes its output for each line that it prints. Close does nothing, because all lines must go to the same stream.
        public override void Close()
        {
        }
    }
}
