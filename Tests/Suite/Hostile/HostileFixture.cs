using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hostile;

/// <summary>
/// Base class of fixtures in which one client misbehaves. The server has its default limits. After each test, two other clients must still
/// be connected and able to chat.
/// </summary>
public abstract class HostileFixture
{
    private ChatClient _bob = null!;

    protected ServerUnderTest Server { get; private set; } = null!;

    protected ChatClient Ann { get; private set; } = null!;

    [SetUp]
    public async Task StartServerAndClients()
    {
        Server = await ServerUnderTest.StartAsync();
        (Ann, _) = await ChatClient.JoinAsync(Server.HttpPort, "ann");
        (_bob, _) = await ChatClient.JoinAsync(Server.HttpPort, "bob");
    }

    [TearDown]
    public async Task CheckOthersStillChat()
    {
        await ExchangeMessagesAsync("still here?");
        Ann.Closed.IsCompleted.Should().BeFalse();
        _bob.Closed.IsCompleted.Should().BeFalse();
        await Ann.DisposeAsync();
        await _bob.DisposeAsync();
        await Server.DisposeAsync();
    }

    protected async Task ExchangeMessagesAsync(string text)
    {
        await Ann.SayAsync(text);
        await _bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == text);
        await _bob.SayAsync($"yes: {text}");
        await Ann.Inbox.ExpectAsync<MessageFrame>(message => message.Text == $"yes: {text}");
    }
}
