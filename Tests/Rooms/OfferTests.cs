using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Rooms;

public sealed class OfferTests
{
    [Test]
    public async Task Help_says_of_each_command_whether_the_server_does_it()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        await using var asker = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=asker");
        var listed = (await HelpAsync(null)).Select(entry => entry.Command).ToHashSet();

        // All but the one whose answer is a line for people.
        foreach (var command in Commands.All.Select(form => form.Word).Where(word => word != "format"))
        {
            var entry = (await HelpAsync(command)).Single();
            await using var peer = await ChatClient.ConnectAsync(server.HttpPort, "/ws");
            await peer.SendAsync("{\"id\":\"q\"," + entry.Json[1..]);
            var answer = await peer.Inbox.ExpectAsync<ServerFrame>(frame => ChatPeerVerbs.IdOf(frame) == FrameId.From("q"));

            var isRefused = answer is ErrorFrame { Error.Code: ErrorCode.Unavailable };
            listed.Contains(command).Should().Be(!isRefused, $"{command} was answered by {answer}");
            entry.Text.StartsWith("not on this server yet: ", StringComparison.Ordinal).Should().Be(isRefused, $"{command} was answered by {answer}");
        }

        async Task<IReadOnlyList<HelpEntry>> HelpAsync(string? about) =>
            (await asker.AskAsync<HelpFrame>(new ClientFrame { Type = ClientFrameType.Help, About = about, Id = FrameId.From($"h{about}") })).Commands;
    }
}
