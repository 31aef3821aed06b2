using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Rooms;

public sealed class SupportedRequestsTests
{
    [Test]
    public async Task Help_lists_only_supported_commands_and_describes_the_others_as_not_offered()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        await using var client = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=client");
        var listed = (await HelpAsync(null)).Select(entry => entry.Command).ToHashSet();

        // Test all commands except "format", because its answer is a line of text and not a frame.
        foreach (var command in Commands.All.Select(form => form.Name).Where(word => word != "format"))
        {
            var entry = (await HelpAsync(command))[0];
            await using var peer = await ChatClient.ConnectAsync(server.HttpPort, "/ws");
            await peer.SendAsync("{\"id\":\"q\"," + entry.Json[1..]);
            var answer = await peer.Inbox.ExpectAsync<ServerFrame>(frame => ChatPeerExtensions.GetId(frame) == FrameId.From("q"));

            var isRejected = answer is ErrorFrame { Error.Code: ErrorCode.NotOffered };
            listed.Contains(command).Should().Be(!isRejected, $"{command} was answered by {answer}");
            entry.Text.StartsWith("not offered by this server: ", StringComparison.Ordinal).Should().Be(isRejected, $"{command} was answered by {answer}");
        }

        async Task<IReadOnlyList<HelpEntry>> HelpAsync(string? about) =>
            (await client.RequestAsync<HelpFrame>(new ClientFrame { Type = ClientFrameType.Help, About = about, Id = FrameId.From($"h{about}") })).Commands;
    }
}
