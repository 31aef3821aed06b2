using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Sessions;

/// <summary>Sessions and accounts after a restart of the server, and the expiry of sessions.</summary>
[TestFixture("ws")]
[TestFixture("tcp")]
public sealed class StoredSessionTests(string transport) : AccountFixture(transport)
{
    [Test]
    public async Task Tokens_and_names_of_stored_users_survive_a_restart()
    {
        var storage = new FailingIdentityStore();
        await StartAsync(storage);
        var (_, guest) = await ConnectAsync("ann");
        var (bob, _) = await ConnectAsync("bob");
        var account = await bob.RequestAsync<WelcomeFrame>(Register("bob"));
        storage.IsFull = true;
        var (cid, cids) = await ConnectAsync("cid");
        cids.Name.Should().Be("cid", "a guest can connect while the disk is full");
        await cid.RequestAsync<JoinedFrame>(Join("lobby"));
        (await cid.RequestAsync<ErrorFrame>(Say("lost?", id: "x"))).Error.Code.Should().Be(ErrorCode.Unavailable);
        (await cid.RequestAsync<ErrorFrame>(Register("cid"))).Error.Code.Should().Be(ErrorCode.Unavailable);
        (await cid.RequestAsync<ErrorFrame>(Logout)).Error.Code.Should().Be(ErrorCode.Unavailable);
        storage.IsFull = false;
        (await cid.RequestAsync<AckFrame>(Say("stored", id: "x"))).Seq.Should().Be(1);
        await cid.RequestAsync<WelcomeFrame>(Register("cid"));

        await DisposeAll();
        await StartAsync(storage);
        (await ConnectAsync(null, guest.Session)).Welcome.Should().Match<WelcomeFrame>(frame => frame.User == guest.User && frame.Name == "ann" && frame.Guest);
        (await ConnectAsync(null, account.Session)).Welcome.Should().Match<WelcomeFrame>(frame => frame.User == account.User && frame.Name == "bob" && !frame.Guest);
        var (eve, _) = await ConnectAsync(null);
        (await eve.RequestAsync<WelcomeFrame>(Login("cid", Password))).User.Should().Be(cids.User);
    }

    [Test]
    public async Task Running_server_removes_expired_sessions()
    {
        var storage = new FailingIdentityStore();
        await StartAsync(storage, "--Sessions:GuestMinutes", "5");
        var (ann, guest) = await ConnectAsync("ann");
        await ann.DisposeAsync();
        var hash = SessionToken.ComputeHash(guest.Session);
        await TestWait.UntilAsync(() => storage.Saved.Any(saved => saved.TokenHash == hash && saved.AwaySince is not null), "the end of ann's connection to be stored");
        Time.Advance(TimeSpan.FromMinutes(5));
        (await storage.FindSessionAsync(hash, default)).Should().NotBeNull();
        await TestWait.UntilAsync(
            () =>
            {
                Time.Advance(TimeSpan.FromMinutes(1));
                return storage.FindSessionAsync(hash, default).AsTask().Result is null;
            },
            "the removal of ann's session");
    }

    [Test]
    public async Task Login_replaces_an_outdated_password_hash()
    {
        var storage = new FailingIdentityStore();
        await StartAsync(storage);
        var (ann, _) = await ConnectAsync("ann");
        await ann.RequestAsync<WelcomeFrame>(Register("ann"));
        var before = (await storage.FindAccountAsync("ann", default))!.PasswordHash;
        await ann.RequestAsync<WelcomeFrame>(Login("ann", Password));
        (await storage.FindAccountAsync("ann", default))!.PasswordHash.Should().Be(before, "the hash is up to date");

        Hasher.IsOutdated = true;
        storage.IsFull = true;
        await ann.RequestAsync<WelcomeFrame>(Login("ann", Password));
        storage.IsFull = false;
        await ann.RequestAsync<WelcomeFrame>(Login("ann", Password));
        Hasher.IsOutdated = false;
        (await storage.FindAccountAsync("ann", default))!.PasswordHash.Should().NotBe(before);
        await ann.RequestAsync<WelcomeFrame>(Login("ann", Password));
    }

    [Test]
    public async Task Server_with_an_unreadable_storage_accepts_guests_and_rejects_requests_that_need_an_account_or_a_name()
    {
        var storage = new FailingIdentityStore();
        await StartAsync(storage);
        var (ann, _) = await ConnectAsync("ann");
        await ann.RequestAsync<WelcomeFrame>(Register("ann"));
        storage.IsUnreadable = true;
        var (bob, welcome) = await ConnectAsync("bob");
        welcome.Name.Should().StartWith("guest-", "the server cannot check whether the wanted name is registered");
        var error = (await bob.Inbox.ExpectAsync<ErrorFrame>()).Error;
        error.Should().Match<ChatError>(found => found.Code == ErrorCode.Unavailable && found.RetryAfterMs > 0);
        (await bob.RequestAsync<ErrorFrame>(Nick("bob"))).Error.Code.Should().Be(ErrorCode.Unavailable);
        (await bob.RequestAsync<ErrorFrame>(Register("bob"))).Error.Code.Should().Be(ErrorCode.Unavailable);
        (await bob.RequestAsync<ErrorFrame>(Login("ann", Password))).Error.Code.Should().Be(ErrorCode.Unavailable);
        (await ConnectAsync(null)).Welcome.Name.Should().StartWith("guest-");

        storage.IsUnreadable = false;
        await bob.SendAsync(error.Hint!);
        (await bob.Inbox.ExpectAsync<AckFrame>()).Name.Should().Be("bob", "the hint contains the wanted name");
        await bob.RequestAsync<WelcomeFrame>(Login("ann", Password));
    }

    private static ClientFrame Nick(string name) => new() { Type = ClientFrameType.Nick, Name = name, Id = NewId() };
}
