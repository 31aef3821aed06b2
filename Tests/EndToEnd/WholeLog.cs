using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

internal static class WholeLog
{
    /// <summary>What the page shows is the log as a client saw it that was never cut: the same seqs, each once, in order.</summary>
    public static async Task ExpectWholeLogAsync(this ChatPage page, IChatPeer speaker, int own)
    {
        await page.ExpectAllSentAsync();
        await speaker.SendAsync(ChatPeerVerbs.Say("the end"));
        await speaker.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "the end");
        await page.ExpectMessageAsync("the end");

        var log = speaker.Inbox.All.OfType<MessageFrame>().ToList();
        log.Where(message => message.Text.StartsWith("own ", StringComparison.Ordinal)).Select(message => message.Text)
            .Should().BeEquivalentTo(Enumerable.Range(1, own).Select(number => $"own {number}"), "what the page said got through once");
        var shown = await page.ReadAsync();
        shown.Select(message => message.Seq).Should().Equal(log.Select(message => message.Seq));
        shown.Select(message => $"{message.Author}: {message.Text}").Should().Equal(log.Select(message => $"{message.From.Name}: {message.Text}"));
    }
}
