using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>Private rooms in the page, from the dialog that creates them.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class PrivateRoomPageTests
{
    [TestCase(true)]
    [TestCase(false)]
    public async Task Dialog_creates_a_private_room_only_if_the_person_selects_private(bool isPrivate)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var ann = await ChatPage.JoinAsync(server.HttpPort, "ann");
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await using var __ = bob;

        await ann.Page.ClickAsync("#open-directory");
        await ann.Page.FillAsync("#create-room", "den");
        await ann.Page.SetCheckedAsync("#create-private", isPrivate);
        await AccessibilityTests.ExpectCleanAsync(ann, "the dialog that creates a room");
        await ann.Page.ClickAsync("#create button[type=submit]");
        await ann.ExpectInsideAsync("den");

        await Assertions.Expect(ann.Page.Locator("#room-name")).ToHaveTextAsync(isPrivate ? "den" : "#den");
        await Assertions.Expect(ann.Page.Locator("#room-name svg")).ToHaveCountAsync(isPrivate ? 1 : 0);
        await Assertions.Expect(ann.Page.Locator("#rooms [data-room=den] .lock")).ToBeVisibleAsync(new() { Visible = isPrivate });
        var rooms = await bob.RequestAsync<RoomsFrame>(new ClientFrame { Type = ClientFrameType.Rooms, Id = FrameId.From("r") });
        rooms.Rooms.Select(room => room.Room).Should().HaveCount(isPrivate ? 1 : 2);

        // The next room that is created in the dialog is public again.
        await ann.Page.ClickAsync("#open-directory");
        await Assertions.Expect(ann.Page.Locator("#create-private")).Not.ToBeCheckedAsync();
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task List_of_rooms_has_no_direct_room()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await using var __ = bob;
        await using var ann = await ChatPage.JoinAsync(server.HttpPort, "ann");
        await ann.SayAsync("/dm bob hi");
        await ann.ExpectMessageAsync("hi");
        await ann.Page.ClickAsync("#open-directory");
        await Assertions.Expect(ann.Page.Locator("#directory-list .about b")).ToHaveTextAsync(["#lobby"]);
    }
}
