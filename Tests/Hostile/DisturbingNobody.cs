using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hostile;

/// <summary>
/// One bad client, with the limits that an operator gets. Each test ends with two others talking as if nothing had been.
/// </summary>
public abstract class DisturbingNobody
{
    private ChatClient _bob = null!;

    protected ServerUnderTest Server { get; private set; } = null!;

    protected ChatClient Ann { get; private set; } = null!;

    [SetUp]
    public async Task TwoPeopleTalk()
    {
        Server = await ServerUnderTest.StartAsync();
        (Ann, _) = await ChatClient.JoinAsync(Server.HttpPort, "ann");
        (_bob, _) = await ChatClient.JoinAsync(Server.HttpPort, "bob");
    }

    [TearDown]
    public async Task TheyStillTalk()
    {
        await TheyTalkAsync("still here?");
        Ann.Closed.IsCompleted.Should().BeFalse();
        _bob.Closed.IsCompleted.Should().BeFalse();
        await Ann.DisposeAsync();
        await _bob.DisposeAsync();
        await Server.DisposeAsync();
    }

    protected async Task TheyTalkAsync(string text)
    {
        await Ann.SayAsync(text);
        await _bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == text);
        await _bob.SayAsync($"yes: {text}");
        await Ann.Inbox.ExpectAsync<MessageFrame>(message => message.Text == $"yes: {text}");
    }
}
