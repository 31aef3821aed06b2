using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Chat;

public class HelpTests
{
    [Test]
    public void Help_lists_every_type_and_every_JSON_line_of_it_works()
    {
        var help = Help.For(FrameId.From(1), null);
        help.Id.Should().Be(FrameId.From(1));
        help.About.Should().BeNull();
        help.Commands.Select(entry => Wire.Read(entry.Json).Type).Should().Contain(Enum.GetValues<ClientFrameType>());
        help.Commands.Select(entry => entry.Command).Should().OnlyHaveUniqueItems();
        foreach (var entry in help.Commands)
        {
            entry.Usage.Should().StartWith("/" + entry.Command);
            entry.Text.Should().NotBeEmpty();
            Wire.Read(Hint.AsCommand(entry.Json)).Typed.Should().BeTrue();
        }
    }

    [TestCase("say", "say")]
    [TestCase("/say", "say")]
    [TestCase("SAY", "say")]
    [TestCase(" j ", "join")]
    [TestCase("jion", "join")]
    [TestCase("me", "me")]
    public void Help_about_one_command_shows_that_one(string about, string command)
    {
        var help = Help.For(default, about);
        help.About.Should().Be(command);
        help.Commands.Should().ContainSingle().Which.Command.Should().Be(command);
    }

    [Test]
    public void Help_about_nothing_known_shows_all()
    {
        var help = Help.For(default, "frobnicate");
        help.About.Should().Be("frobnicate");
        help.Commands.Should().HaveCount(Commands.All.Length);
        Help.For(default, "/").Commands.Should().HaveCount(Commands.All.Length);
    }

    [Test]
    public void What_a_server_does_not_do_is_not_listed_and_says_so_where_it_is_asked_about()
    {
        static bool Offers(ClientFrameType type) => type is not (ClientFrameType.Dm or ClientFrameType.Kick);

        var all = Help.For(default, null, Offers).Commands;
        all.Select(entry => entry.Command).Should().Equal(Commands.All.Select(form => form.Word).Where(word => word is not ("dm" or "kick")));
        all.Should().NotContain(entry => entry.Text.Contains("not on this server"));
        Help.For(default, "dm", Offers).Commands.Should().ContainSingle().Which.Text.Should().StartWith("not on this server yet: opens");
    }

    [Test]
    public void Usage_shows_what_may_be_left_out_and_aliases_are_told()
    {
        Help.For(default, "kick").Commands[0].Usage.Should().Be("/kick name [seconds] [reason]");
        Help.For(default, "format").Commands[0].Usage.Should().Be("/format text|json");
        Help.For(default, "leave").Commands[0].Text.Should().Contain("/part");
    }
}
