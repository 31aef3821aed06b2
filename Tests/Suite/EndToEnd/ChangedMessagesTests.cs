using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>Edits, deletions and reactions of another person, as the page shows them live and after a reload.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class ChangedMessagesTests
{
    [Test]
    public async Task Page_shows_changed_messages_live_and_after_a_reload()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await using var __ = bob;
        await using var ann = await ChatPage.JoinAsync(server.HttpPort, "ann", "lobby");
        await bob.SayAsync("a frist draft");
        await bob.SayAsync("said too much");
        await ann.SayAsync("mine");
        await ann.ExpectMessageAsync("mine");

        await bob.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Edit, Seq = 1, Text = "a first draft, <b>@ann</b>", Id = FrameId.From("e") });
        await bob.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Delete, Seq = 2, Id = FrameId.From("d") });
        await bob.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.React, Seq = 3, Emoji = "👍", Id = FrameId.From("r") });
        await ExpectChangesAsync();
        if (Environment.GetEnvironmentVariable("RSC_CHANGES_SCREENSHOT") is { } file)
            await ann.Page.ScreenshotAsync(new() { Path = file });

        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ExpectChangesAsync();
        ann.Errors.Should().BeEmpty();

        async Task ExpectChangesAsync()
        {
            var log = ann.Page.Locator("#log");
            await Assertions.Expect(log).ToContainTextAsync("a first draft, <b>@ann</b>");
            await Assertions.Expect(log).ToContainTextAsync("(edited)");
            await Assertions.Expect(log).ToContainTextAsync("👍");
            await Assertions.Expect(log).Not.ToContainTextAsync("frist");
            await Assertions.Expect(log).Not.ToContainTextAsync("said too much");
        }
    }
}
