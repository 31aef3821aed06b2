using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Api;
using RawSocketChat.Tests.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Contracts;

/// <summary>The server answers each request of a program as the second table of rights in Protocol/README.md says.</summary>
public sealed class ProgramRightsTests
{
    private static readonly string[] Columns = ["token of the room", "token of another room", "revoked token", "session of the owner"];

    [Test]
    public async Task Answer_equals_the_answer_in_the_table()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        var mismatches = new List<string>();
        var rows = ReadRows();
        rows.Select(row => row.Request).Should().Equal("POST /api/rooms/{room}/messages", "GET /api/rooms/{room}/messages", "POST /hooks/{token}");
        foreach (var (request, answers) in rows)
        {
            foreach (var (column, expected) in Columns.Zip(answers))
                await TestAsync(server, request, column, expected, mismatches);
        }

        mismatches.Should().BeEmpty();
    }

    private static async Task TestAsync(ServerUnderTest server, string request, string column, string expected, List<string> mismatches)
    {
        await using var room = await TokenRoom.CreateAsync(server);
        await using var other = await TokenRoom.CreateAsync(server);
        var secret = column switch
        {
            "token of another room" => other.Token,
            "session of the owner" => room.Owner.Inbox.All.OfType<WelcomeFrame>().First().Session,
            _ => room.Token,
        };
        if (column == "revoked token")
            await room.Owner.RequestAsync<TokensFrame>(TokenSteps.Tokens("revoke", room.Name, TokenRoom.BotName));
        using var program = new HttpTestClient(server.HttpPort, request.StartsWith("POST /hooks", StringComparison.Ordinal) ? null : secret);
        var path = request.Split(' ')[1].Replace("{room}", room.Name, StringComparison.Ordinal).Replace("{token}", secret, StringComparison.Ordinal);
        var answer = request.StartsWith("GET", StringComparison.Ordinal) ? await program.GetAsync(path) : await program.PostAsync(path, """{"text":"hi"}""");
        if (!expected.StartsWith($"{answer.Status}", StringComparison.Ordinal))
            mismatches.Add($"{request} with the {column}: expected {expected}, got {answer.Status}: {answer.Body}");

        // The room must have a message if and only if the table says that the request may post in the room.
        using var reader = new HttpTestClient(server.HttpPort, column == "revoked token" ? (await room.Owner.CreateTokenAsync(room.Name, "reader")).Token : room.Token);
        var messages = (await reader.GetAsync(room.Messages)).ReadFrame<HistoryFrame>().Messages.Count;
        var isPosted = request.StartsWith("POST", StringComparison.Ordinal) && expected is "200" or "201";
        if (messages != (isPosted ? 1 : 0))
            mismatches.Add($"{request} with the {column}: the room has {messages} messages");
    }

    private static List<(string Request, string[] Answers)> ReadRows()
    {
        var header = $"| request | {string.Join(" | ", Columns)} |";
        return [.. ReadmeTests.Readme.SkipWhile(line => line != header).Skip(2).TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries)).Select(cells => (cells[0].Trim('`'), cells[1..]))];
    }
}
