using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

internal static class LogAssertions
{
    /// <summary>Checks that the page shows the same log as a client whose connection was never cut: each sequence number once, in order.</summary>
    public static async Task ExpectCompleteLogAsync(this ChatPage page, IChatPeer observer, int own)
    {
        await page.ExpectAllSentAsync();
        await observer.SendAsync(ChatPeerExtensions.Say("the end"));
        await observer.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "the end");
        await page.ExpectMessageAsync("the end");

        var log = observer.Inbox.All.OfType<MessageFrame>().ToList();
        log.Where(message => message.Text.StartsWith("own ", StringComparison.Ordinal)).Select(message => message.Text)
            .Should().BeEquivalentTo(Enumerable.Range(1, own).Select(number => $"own {number}"), "each message of the page was stored once");
        var shown = await page.ReadAllAsync();
        shown.Select(message => message.Seq).Should().Equal(log.Select(message => message.Seq));
        shown.Select(message => $"{message.Author}: {message.Text}").Should().Equal(log.Select(message => $"{message.From.Name}: {message.Text}"));
    }
}
