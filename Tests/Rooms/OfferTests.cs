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
        var help = await asker.AskAsync<HelpFrame>(new ClientFrame { Type = ClientFrameType.Help, Id = FrameId.From("h") });
        help.Commands.Should().NotBeEmpty();

        // All but the one whose answer is a line for people.
        foreach (var entry in help.Commands.Where(entry => entry.Command != "format"))
        {
            await using var peer = await ChatClient.ConnectAsync(server.HttpPort, "/ws");
            await peer.SendAsync("{\"id\":\"q\"," + entry.Json[1..]);
            var answer = await peer.Inbox.ExpectAsync<ServerFrame>(frame => ChatPeerVerbs.IdOf(frame) == FrameId.From("q"));

            var isRefused = answer is ErrorFrame { Error.Code: ErrorCode.Unavailable };
            entry.Text.StartsWith("not on this server yet: ", StringComparison.Ordinal).Should().Be(isRefused, $"of {entry.Command}, which was answered by {answer}");
        }
    }
}
